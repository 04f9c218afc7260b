// RUN: nncc opt --passes=initialize-parameters --split --no-locations %s | filecheck %s

// No parameter is stored: the initializer makes up the value.
// CHECK-LABEL: builtin.module
// CHECK: "nnp.network"() ({
// CHECK-NEXT: %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: %W = "nnp.variable"() {name = "W", type = "Parameter", initializer = {type = "Constant", multiplier = 0.5 : f64}, value = dense_resource<W> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
// CHECK-NEXT: "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x2xf32, {d0 = "N"}>) -> ()
// CHECK-NEXT: %y = "nnp.Affine"(%x, %W) {name = "y", base_axis = 1 : i64} : (tensor<?x3xf32, {d0 = "N"}>, tensor<3x2xf32>) -> tensor<?x2xf32, {d0 = "N"}>
// CHECK-NEXT: }) {name = "net"} : () -> ()
// CHECK-NEXT: "nnp.executor"() {name = "run", network_name = "net", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()
"nnp.network"() ({
  %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
  %W = "nnp.variable"() {name = "W", type = "Parameter", initializer = {type = "Constant", multiplier = 0.5 : f64}} : () -> tensor<3x2xf32>
  "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x2xf32, {d0 = "N"}>) -> ()
  %y = "nnp.Affine"(%x, %W) {name = "y", base_axis = 1 : i64} : (tensor<?x3xf32, {d0 = "N"}>, tensor<3x2xf32>) -> tensor<?x2xf32, {d0 = "N"}>
}) {name = "net"} : () -> ()
"nnp.executor"() {name = "run", network_name = "net", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()

// -----

// A stored value stays.
// CHECK-LABEL: builtin.module
// CHECK: "nnp.network"() ({
// CHECK-NEXT: %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: %W = "nnp.variable"() {name = "W", type = "Parameter", initializer = {type = "Constant", multiplier = 0.5 : f64}, value = dense<{{\[\[}}1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
// CHECK-NEXT: "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x2xf32, {d0 = "N"}>) -> ()
// CHECK-NEXT: %y = "nnp.Affine"(%x, %W) {name = "y", base_axis = 1 : i64} : (tensor<?x3xf32, {d0 = "N"}>, tensor<3x2xf32>) -> tensor<?x2xf32, {d0 = "N"}>
// CHECK-NEXT: }) {name = "net"} : () -> ()
// CHECK-NEXT: "nnp.parameter"() {variable_name = "W", value = dense<{{\[\[}}1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>} : () -> ()
// CHECK-NEXT: "nnp.executor"() {name = "run", network_name = "net", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()
"nnp.network"() ({
  %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
  %W = "nnp.variable"() {name = "W", type = "Parameter", initializer = {type = "Constant", multiplier = 0.5 : f64}, value = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x2xf32, {d0 = "N"}>) -> ()
  %y = "nnp.Affine"(%x, %W) {name = "y", base_axis = 1 : i64} : (tensor<?x3xf32, {d0 = "N"}>, tensor<3x2xf32>) -> tensor<?x2xf32, {d0 = "N"}>
}) {name = "net"} : () -> ()
"nnp.parameter"() {variable_name = "W", value = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>} : () -> ()
"nnp.executor"() {name = "run", network_name = "net", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()

// -----

// Some parameters are stored: this one is missing, and nothing is made up.
// CHECK-LABEL: builtin.module
// CHECK: "nnp.network"() ({
// CHECK-NEXT: %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: %W = "nnp.variable"() {name = "W", type = "Parameter", initializer = {type = "Constant", multiplier = 0.5 : f64}} : () -> tensor<3x2xf32>
// CHECK-NEXT: "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x2xf32, {d0 = "N"}>) -> ()
// CHECK-NEXT: %V = "nnp.variable"() {name = "V", type = "Parameter", value = dense<[1.0]> : tensor<1xf32>} : () -> tensor<1xf32>
// CHECK-NEXT: %y = "nnp.Affine"(%x, %W) {name = "y", base_axis = 1 : i64} : (tensor<?x3xf32, {d0 = "N"}>, tensor<3x2xf32>) -> tensor<?x2xf32, {d0 = "N"}>
// CHECK-NEXT: }) {name = "net"} : () -> ()
// CHECK-NEXT: "nnp.parameter"() {variable_name = "V", value = dense<[1.0]> : tensor<1xf32>} : () -> ()
// CHECK-NEXT: "nnp.executor"() {name = "run", network_name = "net", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()
"nnp.network"() ({
  %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
  %W = "nnp.variable"() {name = "W", type = "Parameter", initializer = {type = "Constant", multiplier = 0.5 : f64}} : () -> tensor<3x2xf32>
  "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x2xf32, {d0 = "N"}>) -> ()
  %V = "nnp.variable"() {name = "V", type = "Parameter", value = dense<1.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %y = "nnp.Affine"(%x, %W) {name = "y", base_axis = 1 : i64} : (tensor<?x3xf32, {d0 = "N"}>, tensor<3x2xf32>) -> tensor<?x2xf32, {d0 = "N"}>
}) {name = "net"} : () -> ()
"nnp.parameter"() {variable_name = "V", value = dense<1.0> : tensor<1xf32>} : () -> ()
"nnp.executor"() {name = "run", network_name = "net", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()
