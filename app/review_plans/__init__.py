"""Review plans (评审方案): candidates, expert needs, rubric, and their approval."""
