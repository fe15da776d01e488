"""An audit becomes text, Markdown or JSON. Nothing is computed here."""
