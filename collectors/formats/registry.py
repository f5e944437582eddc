"""Every known format, in the order in which a record of unknown origin is offered to them: the most telling keys first."""

from collectors.formats import litellm
from collectors.formats.format import LineFormat

FORMATS: tuple[LineFormat, ...] = (litellm.FORMAT,)
