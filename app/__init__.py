"""The professional-title (职称) review back office. `app/README.md` explains the house."""
