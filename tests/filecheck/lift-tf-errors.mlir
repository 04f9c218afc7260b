// RUN: nncc opt --passes=lift-tf --verify-diagnostics %s

// All that cannot be lifted is told at once; what depends on it is not.
"func.func"() ({
^bb0(%x: tensor<4xf32>):
  %shape = "tf.Const"() {value = dense<4> : tensor<1xi32>} : () -> tensor<1xi32>
  // expected-error@below {{RandomUniform gives random numbers}}
  %a = "tf.RandomUniform"(%shape) {dtype = f32} : (tensor<1xi32>) -> tensor<*xf32>
  %b = "tf.Exp"(%a) : (tensor<*xf32>) -> tensor<*xf32>
  // expected-error@below {{Mystery cannot be lifted}}
  %c = "tf.Mystery"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %y = "tf.AddV2"(%b, %c) : (tensor<*xf32>, tensor<4xf32>) -> tensor<*xf32>
  "func.return"(%y) : (tensor<*xf32>) -> ()
}) {function_type = (tensor<4xf32>) -> tensor<*xf32>, sym_name = "main"} : () -> ()
