// RUN: nncc opt --passes=expand-loop-control --split --no-locations --verify-numerics=random %s | filecheck %s

// Repeat: each round takes what the one before made; the last one's is what follows takes.
// CHECK-LABEL: builtin.module
// CHECK: "nnp.network"() ({
// CHECK-NEXT: %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: "nnp.variable"(%t_R_0_) {name = "t_R[0]", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
// CHECK-NEXT: "nnp.variable"(%t_R_1_) {name = "t_R[1]", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
// CHECK-NEXT: "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
// CHECK-NEXT: %t_R_0_ = "nnp.Tanh"(%x) {name = "t_R[0]", nncc.names = ["t_R[0]"]} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: %t_R_1_ = "nnp.Tanh"(%t_R_0_) {name = "t_R[1]", nncc.names = ["t_R[1]"]} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: %y = "nnp.Sigmoid"(%t_R_1_) {name = "y"} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: }) {name = "net"} : () -> ()
// CHECK-NEXT: "nnp.executor"() {name = "run", network_name = "net", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()
"nnp.network"() ({
  %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
  "nnp.variable"(%s) {name = "s", type = "Buffer", repeat_id = ["R"]} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  "nnp.variable"(%t) {name = "t", type = "Buffer", repeat_id = ["R"]} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  "nnp.variable"(%e) {name = "e", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  %s = "nnp.RepeatStart"(%x, %t) {name = "s", repeat_id = ["R"], repeat_param = {repeat_id = "R"}} : (tensor<?x3xf32, {d0 = "N"}>, tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
  %t = "nnp.Tanh"(%s) {name = "t", repeat_id = ["R"]} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
  %e = "nnp.RepeatEnd"(%t) {name = "e", repeat_param = {repeat_id = "R", times = 2 : i64}} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
  %y = "nnp.Sigmoid"(%e) {name = "y"} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
}) {name = "net", repeat_info = [{id = "R", times = 2 : i64}]} : () -> ()
"nnp.executor"() {name = "run", network_name = "net", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()

// -----

// A recurrence over axis 1: the input is split, the outputs are stacked, the first delay is the initial value.
// CHECK-LABEL: builtin.module
// CHECK: "nnp.network"() ({
// CHECK-NEXT: %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x2x3xf32, {d0 = "N"}>
// CHECK-NEXT: %init = "nnp.variable"() {name = "init", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: "nnp.variable"(%r_R_0_) {name = "r_R[0]", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
// CHECK-NEXT: "nnp.variable"(%r_R_1_) {name = "r_R[1]", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
// CHECK-NEXT: "nnp.variable"(%h_R_0_) {name = "h_R[0]", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
// CHECK-NEXT: "nnp.variable"(%h_R_1_) {name = "h_R[1]", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
// CHECK-NEXT: "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x2x3xf32, {d0 = "N"}>) -> ()
// CHECK-NEXT: %r_R_0_, %r_R_1_ = "nnp.Split"(%x) {name = "r", axis = 1 : i64, nncc.names = ["r_R[0]", "r_R[1]"]} : (tensor<?x2x3xf32, {d0 = "N"}>) -> (tensor<?x3xf32, {d0 = "N"}>, tensor<?x3xf32, {d0 = "N"}>)
// CHECK-NEXT: %h_R_0_ = "nnp.Add2"(%r_R_0_, %init) {name = "h_R[0]", no_param = true, nncc.names = ["h_R[0]"]} : (tensor<?x3xf32, {d0 = "N"}>, tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: %h_R_1_ = "nnp.Add2"(%r_R_1_, %h_R_0_) {name = "h_R[1]", no_param = true, nncc.names = ["h_R[1]"]} : (tensor<?x3xf32, {d0 = "N"}>, tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
// CHECK-NEXT: %y = "nnp.Stack"(%h_R_0_, %h_R_1_) {name = "y", axis = 1 : i64} : (tensor<?x3xf32, {d0 = "N"}>, tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x2x3xf32, {d0 = "N"}>
// CHECK-NEXT: }) {name = "net"} : () -> ()
// CHECK-NEXT: "nnp.executor"() {name = "run", network_name = "net", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()
"nnp.network"() ({
  %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x2x3xf32, {d0 = "N"}>
  %init = "nnp.variable"() {name = "init", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
  "nnp.variable"(%r) {name = "r", type = "Buffer", repeat_id = ["R"]} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  "nnp.variable"(%d) {name = "d", type = "Buffer", repeat_id = ["R"]} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  "nnp.variable"(%h) {name = "h", type = "Buffer", repeat_id = ["R"]} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x2x3xf32, {d0 = "N"}>) -> ()
  %r = "nnp.RecurrentInput"(%x) {name = "r", repeat_id = ["R"], recurrent_param = {repeat_id = "R", axis = 1 : i64}} : (tensor<?x2x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
  %d = "nnp.Delay"(%h, %init) {name = "d", repeat_id = ["R"], recurrent_param = {repeat_id = "R"}} : (tensor<?x3xf32, {d0 = "N"}>, tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
  %h = "nnp.Add2"(%r, %d) {name = "h", repeat_id = ["R"], no_param = true} : (tensor<?x3xf32, {d0 = "N"}>, tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
  %y = "nnp.RecurrentOutput"(%h) {name = "y", recurrent_param = {repeat_id = "R", length = 2 : i64, axis = 1 : i64}} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x2x3xf32, {d0 = "N"}>
}) {name = "net", repeat_info = [{id = "R", times = 2 : i64}]} : () -> ()
"nnp.executor"() {name = "run", network_name = "net", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()

// -----

// A network without loops is left alone.
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
