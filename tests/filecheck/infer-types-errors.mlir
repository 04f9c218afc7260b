// RUN: nncc opt --passes=infer-types --split --verify-diagnostics %s

// A type that was given contradicts what the operation computes.
"func.func"() ({
^bb0(%x: tensor<2x3xf32>, %y: tensor<2x?xf32>):
  // expected-error@below {{result #0 has the type tensor<5x?xf32>, but inferred is tensor<2x?xf32>}}
  %0 = "nn.concat"(%x, %y) {axis = 1} : (tensor<2x3xf32>, tensor<2x?xf32>) -> tensor<5x?xf32>
  "func.return"(%0) : (tensor<5x?xf32>) -> ()
}) {function_type = (tensor<2x3xf32>, tensor<2x?xf32>) -> tensor<5x?xf32>, sym_name = "main"} : () -> ()

// -----

// Operands that do not go together.
"func.func"() ({
^bb0(%x: tensor<2x3xf32>, %y: tensor<4x4xf32>):
  // expected-error@below {{'nn.add' op}}
  %0 = "nn.add"(%x, %y) : (tensor<2x3xf32>, tensor<4x4xf32>) -> tensor<?x?xf32>
  "func.return"(%0) : (tensor<?x?xf32>) -> ()
}) {function_type = (tensor<2x3xf32>, tensor<4x4xf32>) -> tensor<?x?xf32>, sym_name = "main"} : () -> ()
