"""How a model is fitted: a plan from the size of the data, then from a matrix and targets to a Model."""

from normexp.recipe._blockwise import fit_blocks as fit_blocks
from normexp.recipe._compact import compact as compact
from normexp.recipe._executor import Stop as Stop
from normexp.recipe._executor import run as run
from normexp.recipe._fit import fit as fit
from normexp.recipe._fit import fit_table as fit_table
from normexp.recipe._fit import parts_of as parts_of
from normexp.recipe._fit import step as step
from normexp.recipe._fit import workbench as workbench
from normexp.recipe._folds import Parts as Parts
from normexp.recipe._plan import Plan as Plan
from normexp.recipe._plan import plan as plan
from normexp.recipe._plan import seed_from as seed_from
from normexp.recipe._portfolio import QUALITIES as QUALITIES
from normexp.recipe._portfolio import AnyConfiguration as AnyConfiguration
from normexp.recipe._portfolio import Configuration as Configuration
from normexp.recipe._portfolio import Portfolio as Portfolio
from normexp.recipe._portfolio import TreeConfiguration as TreeConfiguration
from normexp.recipe._portfolio import families as families
from normexp.recipe._portfolio import portfolio as portfolio
from normexp.recipe._portfolio_fit import Executor as Executor
from normexp.recipe._portfolio_fit import Progress as Progress
from normexp.recipe._portfolio_fit import Threads as Threads
from normexp.recipe._statistics import category_shares as category_shares
from normexp.recipe._tasks import AnyTask as AnyTask
from normexp.recipe._tasks import Data as Data
from normexp.recipe._tasks import Learnt as Learnt
from normexp.recipe._tasks import task_of as task_of
from normexp.recipe._tasks import with_one_round as with_one_round
from normexp.recipe._weights import ClassWeight as ClassWeight
from normexp.recipe._weights import rows_to_learn as rows_to_learn
from normexp.recipe._workbench import Done as Done
from normexp.recipe._workbench import Workbench as Workbench

__all__ = [
    "AnyConfiguration", "AnyTask", "ClassWeight", "Configuration", "Data", "Done", "Executor", "Learnt", "Parts", "Plan", "Portfolio", "Progress", "QUALITIES", "Stop", "Threads",
    "TreeConfiguration", "Workbench", "category_shares", "compact", "families", "fit", "fit_blocks",
    "fit_table", "parts_of", "plan", "portfolio", "rows_to_learn", "run", "seed_from", "step",
    "task_of", "with_one_round", "workbench",
]  # fmt: skip
