"""What a screen shows at one instant: frozen values, read off the event loop, drawn by widgets and by the plain twins.

None is "not known" and is drawn as a dash, never as zero. Instants are epoch milliseconds, UTC.
"""
