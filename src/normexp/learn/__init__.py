"""The page that teaches softmax: one offline HTML file."""

from normexp.learn._page import write_page as write_page

__all__ = ["write_page"]
