"""Text, Markdown, LaTeX, CSV and JSON become claims."""
