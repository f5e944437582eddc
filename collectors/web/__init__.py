"""HTTP with manners: asking, being told to wait, and the little server for those who push."""

import sys

# httpx brings a command along, and loads rich, pygments and click for it wherever they are installed: 4 MB and 80 ms for
# nothing. It does without where that module is not to be had.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # as Python notes a module that is not to be loaded
