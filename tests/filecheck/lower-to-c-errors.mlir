// RUN: nncc opt --passes=lower-to-c --split --verify-diagnostics %s

// All that has no kernel is reported, not the first only: sizes that depend on the data, and branches.
"func.func"() ({
^bb0(%x: tensor<4xf32>, %c: tensor<1xi1>):
  // expected-error@below {{'tfl.where' has a tensor without static shape, tensor<?x1xi64>}}
  %0 = "tfl.where"(%x) : (tensor<4xf32>) -> tensor<?x1xi64>
  // expected-error@below {{'tfl.if' runs what the data choose, and C source does all operations in their order}}
  %1 = "tfl.if"(%c, %x) ({
  ^bb0(%a: tensor<4xf32>):
    %2 = "tfl.neg"(%a) : (tensor<4xf32>) -> tensor<4xf32>
    "tfl.yield"(%2) : (tensor<4xf32>) -> ()
  }, {
  ^bb0(%a: tensor<4xf32>):
    %2 = "tfl.abs"(%a) : (tensor<4xf32>) -> tensor<4xf32>
    "tfl.yield"(%2) : (tensor<4xf32>) -> ()
  }) : (tensor<1xi1>, tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%0, %1) : (tensor<?x1xi64>, tensor<4xf32>) -> ()
}) {function_type = (tensor<4xf32>, tensor<1xi1>) -> (tensor<?x1xi64>, tensor<4xf32>), sym_name = "main"} : () -> ()
