"""Post quotas (职数): how many posts of a level a unit may still recommend for."""
