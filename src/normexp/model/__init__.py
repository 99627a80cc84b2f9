"""What a fitted classifier is: data, and the two functions that answer from it."""

from normexp.model._copies import Copies as Copies
from normexp.model._copies import near_copies as near_copies
from normexp.model._drift import ColumnDrift as ColumnDrift
from normexp.model._drift import Drift as Drift
from normexp.model._drift import drift as drift
from normexp.model._encoder import MOST_ONE_HOT as MOST_ONE_HOT
from normexp.model._encoder import MOST_STATISTICS as MOST_STATISTICS
from normexp.model._encoder import Encoder as Encoder
from normexp.model._encoder import n_statistics as n_statistics
from normexp.model._encoder import number_columns as number_columns
from normexp.model._encoder import smooth_clip as smooth_clip
from normexp.model._evaluation import evaluation_of as evaluation_of
from normexp.model._held_out import MOST_OF_A_CLASS as MOST_OF_A_CLASS
from normexp.model._held_out import HeldOut as HeldOut
from normexp.model._held_out import OutOfFold as OutOfFold
from normexp.model._member import AnyMember as AnyMember
from normexp.model._member import Member as Member
from normexp.model._member import TreeMember as TreeMember
from normexp.model._model import Model as Model
from normexp.model._model import as_model as as_model
from normexp.model._model import averaged as averaged
from normexp.model._profile import N_HASHES as N_HASHES
from normexp.model._profile import Known as Known
from normexp.model._profile import Profile as Profile
from normexp.model._sets import prediction_sets as prediction_sets
from normexp.model._sets import set_thresholds as set_thresholds

__all__ = [
    "AnyMember", "ColumnDrift", "Copies", "Drift", "Encoder", "HeldOut", "Known", "MOST_OF_A_CLASS", "MOST_ONE_HOT", "MOST_STATISTICS", "Member", "Model", "N_HASHES", "OutOfFold",
    "Profile", "TreeMember", "as_model", "averaged", "drift", "evaluation_of", "n_statistics", "near_copies", "number_columns", "prediction_sets",
    "set_thresholds", "smooth_clip",
]  # fmt: skip
