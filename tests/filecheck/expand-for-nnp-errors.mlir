// RUN: nncc opt --passes=expand-for-nnp --split --verify-diagnostics %s

// One size may be open, that of the batch.
// expected-error@below {{the input 'arg0' is tensor<?x3x?xf32, {d0 = "N", d2 = "T"}>: an NNP file holds no open size but that of the batch}}
"func.func"() ({
^bb0(%x: tensor<?x3x?xf32, {d0 = "N", d2 = "T"}>):
  %0 = "nn.relu"(%x) : (tensor<?x3x?xf32, {d0 = "N", d2 = "T"}>) -> tensor<?x3x?xf32, {d0 = "N", d2 = "T"}>
  "func.return"(%0) : (tensor<?x3x?xf32, {d0 = "N", d2 = "T"}>) -> ()
}) {function_type = (tensor<?x3x?xf32, {d0 = "N", d2 = "T"}>) -> tensor<?x3x?xf32, {d0 = "N", d2 = "T"}>, sym_name = "main"} : () -> ()
