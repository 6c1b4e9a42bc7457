"""`python -m harness model=NAME task=NAME`."""

from harness.cli import main

if __name__ == "__main__":
    main()
