"""The commands: each module has `main()`, which reads sys.argv, and is started by start.run(). docs/python.md lists them."""
