// RUN: nncc opt --passes=lower-to-nnp --split --no-locations %s | filecheck %s

// A network, its parameters, and an executor with the ports of the function; the activation is a function of its own.
// CHECK-LABEL: builtin.module
// CHECK-NEXT: "nnp.network"() ({
// CHECK-NEXT: %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x2xf32, {d0 = "N"}>
// CHECK-NEXT: %W = "nnp.variable"() {name = "W", type = "Parameter", value = dense<{{\[\[}}1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
// CHECK-NEXT: "nnp.variable"(%{{.*}}) {name = "Affine_Output", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
// CHECK-NEXT: "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
// CHECK-NEXT: %{{.*}} = "nnp.Affine"(%x, %W) {name = "Affine", base_axis = 1 : i64} : (tensor<?x2xf32, {d0 = "N"}>, tensor<2x3xf32>) -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: %y = "nnp.ReLU"(%{{.*}}) {name = "ReLU"} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: }) {name = "main", batch_size = 1 : i64} : () -> ()
// CHECK-NEXT: "nnp.parameter"() {variable_name = "W", need_grad = true, value =
// CHECK-NEXT: "nnp.executor"() {name = "exec_0", network_name = "main", data_variable = [{variable_name = "x", data_name = "x"}], output_variable = [{variable_name = "y", data_name = "y"}], parameter_variable = [{variable_name = "W"}]}
"func.func"() ({
^bb0(%x: tensor<?x2xf32, {d0 = "N"}>):
  %W = "nn.constant"() {value = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
  %0 = "nn.affine"(%x, %W) {activation = "relu"} : (tensor<?x2xf32, {d0 = "N"}>, tensor<2x3xf32>) -> tensor<?x3xf32, {d0 = "N"}>
  "func.return"(%0) : (tensor<?x3xf32, {d0 = "N"}>) -> ()
}) {function_type = (tensor<?x2xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()

// -----

// Integers and booleans are float32; a number needs no tensor.
// CHECK-LABEL: builtin.module
// CHECK: "nnp.GreaterScalar"(%x) {name = "GreaterScalar", val = 3.0 : f64} : (tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT: %y = "nnp.Where"
"func.func"() ({
^bb0(%x: tensor<4xi32>):
  %0 = "nn.constant"() {value = dense<3> : tensor<i32>} : () -> tensor<i32>
  %1 = "nn.greater"(%x, %0) : (tensor<4xi32>, tensor<i32>) -> tensor<4xi1>
  %2 = "nn.constant"() {value = dense<[0, 0, 0, 1]> : tensor<4xi32>} : () -> tensor<4xi32>
  %3 = "nn.select"(%1, %x, %2) : (tensor<4xi1>, tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  "func.return"(%3) : (tensor<4xi32>) -> ()
}) {function_type = (tensor<4xi32>) -> tensor<4xi32>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
