"""One sub-command per file: data on stdout, narration on stderr."""
