"""A graph of LangGraph, followed while its nodes work."""
