"""The screens of applications, one file a group of people."""
