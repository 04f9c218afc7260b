// RUN: nncc opt --passes=split-network{range=1-1} --split --no-locations %s | filecheck %s

// The skip connection comes in beside the first function's input; the parameter of another function stays out.
// CHECK-LABEL: builtin.module
// CHECK: "nnp.network"() ({
// CHECK-NEXT: %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: %h = "nnp.variable"() {name = "h", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: "nnp.variable"(%s) {name = "s", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
// CHECK-NEXT: %s = "nnp.Add2"(%h, %x) {name = "add"}
// CHECK-NEXT: }) {name = "net"} : () -> ()
// CHECK-NEXT: "nnp.executor"() {name = "run", network_name = "net", data_variable = [{variable_name = "x", data_name = "data"}, {variable_name = "h", data_name = "h"}], output_variable = [{variable_name = "s", data_name = "s"}]} : () -> ()
"nnp.network"() ({
  %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
  %W = "nnp.variable"() {name = "W", type = "Parameter", value = dense<1.0> : tensor<3x3xf32>} : () -> tensor<3x3xf32>
  "nnp.variable"(%h) {name = "h", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  "nnp.variable"(%s) {name = "s", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  %h = "nnp.Affine"(%x, %W) {name = "fc", base_axis = 1} : (tensor<?x3xf32, {d0 = "N"}>, tensor<3x3xf32>) -> tensor<?x3xf32, {d0 = "N"}>
  %s = "nnp.Add2"(%h, %x) {name = "add"} : (tensor<?x3xf32, {d0 = "N"}>, tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
  %y = "nnp.Tanh"(%s) {name = "tanh"} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
}) {name = "net"} : () -> ()
"nnp.executor"() {name = "run", network_name = "net", data_variable = [{variable_name = "x", data_name = "data"}], output_variable = [{variable_name = "y"}]} : () -> ()

// -----

// In other dialects the operations of the main function are the functions; constants are not numbered.
// CHECK-LABEL: builtin.module
// CHECK: ^bb0(%relu_0: tensor<2xf32>):
// CHECK-NEXT: %[[C:.*]] = "nn.constant"() {value = dense<[1.0, 2.0]> : tensor<2xf32>}
// CHECK-NEXT: %[[Y:.*]] = "nn.add"(%relu_0, %[[C]])
// CHECK-NEXT: "func.return"(%[[Y]])
// CHECK-NEXT: arg_attrs = [{nncc.name = "relu_0"}], res_attrs = [{nncc.name = "y"}]
"func.func"() ({
^bb0(%x: tensor<2xf32>):
  %c = "nn.constant"() {value = dense<[1.0, 2.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %0 = "nn.relu"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  %1 = "nn.add"(%0, %c) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  "func.return"(%1) : (tensor<2xf32>) -> ()
}) {sym_name = "main", arg_attrs = [{nncc.name = "x"}], res_attrs = [{nncc.name = "y"}]} : () -> ()
