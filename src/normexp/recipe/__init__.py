"""How a model is fitted: a plan from the size of the data, then from a matrix and targets to a Model."""

from normexp.recipe._compact import compact as compact
from normexp.recipe._fit import fit as fit
from normexp.recipe._fit import fit_table as fit_table
from normexp.recipe._fit import parts_of as parts_of
from normexp.recipe._fit import step as step
from normexp.recipe._plan import Plan as Plan
from normexp.recipe._plan import plan as plan
from normexp.recipe._plan import seed_from as seed_from
from normexp.recipe._portfolio import QUALITIES as QUALITIES
from normexp.recipe._portfolio import Configuration as Configuration
from normexp.recipe._portfolio import Portfolio as Portfolio
from normexp.recipe._portfolio import families as families
from normexp.recipe._portfolio import portfolio as portfolio
from normexp.recipe._portfolio_fit import Progress as Progress
from normexp.recipe._statistics import category_shares as category_shares
from normexp.recipe._weights import ClassWeight as ClassWeight
from normexp.recipe._weights import rows_to_learn as rows_to_learn

__all__ = [
    "ClassWeight", "Configuration", "Plan", "Portfolio", "Progress", "QUALITIES", "category_shares", "compact", "families", "fit", "fit_table", "parts_of", "plan", "portfolio",
    "rows_to_learn", "seed_from", "step",
]  # fmt: skip
