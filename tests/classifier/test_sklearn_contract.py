"""scikit-learn's own checks of an estimator."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from normexp import SoftmaxClassifier

CANNOT_HOLD = {
    "check_sample_weight_equivalence_on_dense_data": "repeated rows change the shuffles, the batches and the validation part of a stochastic solver; "
    "scikit-learn's own MLPClassifier and SGDClassifier are excused alike",
}


@parametrize_with_checks([SoftmaxClassifier()], expected_failed_checks=lambda _estimator: CANNOT_HOLD)
def test_contract(estimator, check):
    check(estimator)
