"""The entry point: `python run.py` starts the demo; `python run.py --help` lists the commands."""

from app.cli import main

if __name__ == "__main__":
    main()
