"""Every node an approval path can pass: units, departments, title offices and committees, in one table."""
