"""Alignment functions: h -> (features, error), and exactly back."""

from symbolscope.featurizers.beyond import Beyond as Beyond
from symbolscope.featurizers.boundless import Boundless as Boundless
from symbolscope.featurizers.featurizer import Featurizer as Featurizer
from symbolscope.featurizers.identity import Identity as Identity
from symbolscope.featurizers.linear import Linear as Linear
from symbolscope.featurizers.onion import Onion as Onion
from symbolscope.featurizers.orthogonal import Orthogonal as Orthogonal
from symbolscope.featurizers.pca import PCA as PCA
from symbolscope.featurizers.random_units import RandomUnits as RandomUnits
from symbolscope.featurizers.reference_linear import ReferenceLinear as ReferenceLinear
from symbolscope.featurizers.registry import from_configuration as from_configuration
from symbolscope.featurizers.registry import registry as registry
from symbolscope.featurizers.rev_net import RevNet as RevNet
from symbolscope.featurizers.sae import SAE as SAE
