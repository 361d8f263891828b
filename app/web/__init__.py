"""The Flask-AppBuilder base our screens stand on: guarded views, lists paged by key, widgets. No domain words."""
