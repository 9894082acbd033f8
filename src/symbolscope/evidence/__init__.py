"""Controls for every reading: nulls, rivals, off-target tests, divergence."""

from symbolscope.evidence import nulls as nulls
from symbolscope.evidence.assess import assess as assess
from symbolscope.evidence.assess import assess_many as assess_many
from symbolscope.evidence.divergence import Divergence as Divergence
from symbolscope.evidence.divergence import divergence as divergence
from symbolscope.evidence.faithfulness import Faithfulness as Faithfulness
from symbolscope.evidence.faithfulness import OffTarget as OffTarget
from symbolscope.evidence.faithfulness import Rival as Rival
from symbolscope.evidence.null import Null as Null
from symbolscope.evidence.redraw import redrawn as redrawn
