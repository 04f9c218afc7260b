// RUN: nncc opt --passes=select-executor --split --no-locations %s | filecheck %s

// The first executor and its network stay; the other network and executor go.
// CHECK-LABEL: builtin.module
// CHECK: "nnp.network"() ({
// CHECK-NEXT: %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
// CHECK-NEXT: %y = "nnp.Tanh"(%x) {name = "y"} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: }) {name = "A"} : () -> ()
// CHECK-NEXT: "nnp.executor"() {name = "a", network_name = "A", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()
"nnp.network"() ({
  %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
  "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  %y = "nnp.Tanh"(%x) {name = "y"} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
}) {name = "A"} : () -> ()
"nnp.network"() ({
  %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
  "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  %y = "nnp.Sigmoid"(%x) {name = "y"} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
}) {name = "B"} : () -> ()
"nnp.executor"() {name = "a", network_name = "A", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()
"nnp.executor"() {name = "b", network_name = "B", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()

// -----

// One executor, one network: nothing goes.
// CHECK-LABEL: builtin.module
// CHECK: "nnp.network"() ({
// CHECK-NEXT: %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
// CHECK-NEXT: %y = "nnp.Tanh"(%x) {name = "y"} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: }) {name = "net"} : () -> ()
// CHECK-NEXT: "nnp.executor"() {name = "run", network_name = "net", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()
"nnp.network"() ({
  %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
  "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  %y = "nnp.Tanh"(%x) {name = "y"} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
}) {name = "net"} : () -> ()
"nnp.executor"() {name = "run", network_name = "net", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()
