"""The sessions of a site, for commands that look at many of them: from a folder of files, or from running nodes.

`source` takes what the user typed; `folder` and `live` (with `listing`) read, `stored_values` opens what the session
manager has stored, and `found` is what comes out.
"""
