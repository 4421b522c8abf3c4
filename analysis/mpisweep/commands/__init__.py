"""The commands (docs/python.md): each module has `main()`, which reads sys.argv; start.run() calls it."""
