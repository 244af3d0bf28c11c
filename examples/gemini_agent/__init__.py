"""An agent on Google's Gemini API."""
