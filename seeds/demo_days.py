def live(app): pass
