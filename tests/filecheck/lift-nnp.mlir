// RUN: nncc opt --passes=lift-nnp --split --no-locations --verify-numerics=random %s | filecheck %s

// An affine; the batch size stays the symbol N.
// CHECK-LABEL: builtin.module
// CHECK: "func.func"() ({
// CHECK-NEXT: ^bb0(%x: tensor<?x3xf32, {d0 = "N"}>):
// CHECK-NEXT: %W = "nn.constant"() {value = dense<{{\[\[}}1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
// CHECK-NEXT: %y = "nn.affine"(%x, %W) : (tensor<?x3xf32, {d0 = "N"}>, tensor<3x2xf32>) -> tensor<?x2xf32, {d0 = "N"}>
// CHECK-NEXT: "func.return"(%y) : (tensor<?x2xf32, {d0 = "N"}>) -> ()
// CHECK-NEXT: }) {function_type = (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x2xf32, {d0 = "N"}>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
"nnp.network"() ({
  %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
  %W = "nnp.variable"() {name = "W", type = "Parameter", initializer = {type = "Constant", multiplier = 0.5 : f64}, value = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x2xf32, {d0 = "N"}>) -> ()
  %y = "nnp.Affine"(%x, %W) {name = "y", base_axis = 1 : i64} : (tensor<?x3xf32, {d0 = "N"}>, tensor<3x2xf32>) -> tensor<?x2xf32, {d0 = "N"}>
}) {name = "net"} : () -> ()
"nnp.parameter"() {variable_name = "W", value = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>} : () -> ()
"nnp.executor"() {name = "run", network_name = "net", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()

// -----

// Comparisons give numbers in NNabla: they are cast to float32.
// CHECK-LABEL: builtin.module
// CHECK: "func.func"() ({
// CHECK-NEXT: ^bb0(%x: tensor<?x3xf32, {d0 = "N"}>):
// CHECK-NEXT: %0 = "nn.constant"() {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
// CHECK-NEXT: %1 = "nn.greater"(%x, %0) : (tensor<?x3xf32, {d0 = "N"}>, tensor<f32>) -> tensor<?x3xi1, {d0 = "N"}>
// CHECK-NEXT: %g = "nn.cast"(%1) {to = f32} : (tensor<?x3xi1, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: %y = "nn.mul"(%x, %g) : (tensor<?x3xf32, {d0 = "N"}>, tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: "func.return"(%y) : (tensor<?x3xf32, {d0 = "N"}>) -> ()
// CHECK-NEXT: }) {function_type = (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
"nnp.network"() ({
  %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
  %z = "nnp.variable"() {name = "z", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
  "nnp.variable"(%g) {name = "g", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  %g = "nnp.GreaterScalar"(%x) {name = "g", val = 0.5 : f64} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
  %y = "nnp.Mul2"(%x, %g) {name = "y", no_param = true} : (tensor<?x3xf32, {d0 = "N"}>, tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
}) {name = "net"} : () -> ()
"nnp.executor"() {name = "run", network_name = "net", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()

// -----

// Functions that the outputs do not need are not lifted.
// CHECK-LABEL: builtin.module
// CHECK: "func.func"() ({
// CHECK-NEXT: ^bb0(%x: tensor<?x3xf32, {d0 = "N"}>):
// CHECK-NEXT: %y = "nn.tanh"(%x) : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: "func.return"(%y) : (tensor<?x3xf32, {d0 = "N"}>) -> ()
// CHECK-NEXT: }) {function_type = (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>, sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
"nnp.network"() ({
  %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
  "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  "nnp.variable"(%u) {name = "u", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  %y = "nnp.Tanh"(%x) {name = "y"} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
  %u = "nnp.Sigmoid"(%x) {name = "u"} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
}) {name = "net"} : () -> ()
"nnp.executor"() {name = "run", network_name = "net", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()
