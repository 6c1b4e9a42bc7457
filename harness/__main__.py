"""`python -m harness`: the same as the console script `harness`."""

from harness.compose.main import main

if __name__ == "__main__":
    main()
