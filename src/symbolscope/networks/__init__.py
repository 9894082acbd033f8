"""Small networks, networks whose symbols are known by construction, and training."""

from symbolscope.networks.gru import GRU as GRU
from symbolscope.networks.harsanyi import Harsanyi as Harsanyi
from symbolscope.networks.history import Check as Check
from symbolscope.networks.history import History as History
from symbolscope.networks.history import Snapshot as Snapshot
from symbolscope.networks.lstm import LSTM as LSTM
from symbolscope.networks.mlp import MLP as MLP
from symbolscope.networks.planted import Planted as Planted
from symbolscope.networks.recurrent_network import RecurrentNetwork as RecurrentNetwork
from symbolscope.networks.res_mlp import ResMLP as ResMLP
from symbolscope.networks.sequence_network import SequenceNetwork as SequenceNetwork
from symbolscope.networks.skewed import Skewed as Skewed
from symbolscope.networks.toy_1d import Toy1d as Toy1d
from symbolscope.networks.toy_2d import Toy2d as Toy2d
from symbolscope.networks.toy_orthogonal import ToyOrthogonal as ToyOrthogonal
from symbolscope.networks.toy_rotation import ToyRotation as ToyRotation
from symbolscope.networks.train import train as train
from symbolscope.networks.train_classifier import class_accuracy as class_accuracy
from symbolscope.networks.train_classifier import train_classifier as train_classifier
from symbolscope.networks.transformer import Attention as Attention
from symbolscope.networks.transformer import Transformer as Transformer
from symbolscope.networks.trial_accuracy import trial_accuracy as trial_accuracy
