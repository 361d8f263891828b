"""数据运维: the maintenance console of the system administrator, on Flask-Admin."""
