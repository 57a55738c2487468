"""`memcached-sessions`: what an operator asks of nodes and stored sessions, from the command line.

`cli` takes the command and `command_settings` its settings; `asking` asks the nodes, and changes nothing on them.
`node_report` and `inspection` (with `header_reading` and `value_text`) are what is found, `nodes_output` and
`inspect_output` how it is printed, through `layout`, `quantities` and `manager.escaping`. `sources` reads many
sessions, `types_report` is what they are made of, and `types_output` prints it.
"""
