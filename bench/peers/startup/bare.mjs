// Node, and nothing else.
