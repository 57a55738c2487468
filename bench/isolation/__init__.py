"""Work in processes of its own: what a plug-in does to its process, or to memory, is a finding and never our end."""
