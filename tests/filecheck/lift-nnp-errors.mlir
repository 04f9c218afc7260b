// RUN: nncc opt --passes=lift-nnp --split --verify-diagnostics %s

// Loops have to be expanded before.
"nnp.network"() ({
  %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
  "nnp.variable"(%s) {name = "s", type = "Buffer", repeat_id = ["R"]} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  "nnp.variable"(%t) {name = "t", type = "Buffer", repeat_id = ["R"]} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  // expected-error@below {{the network has loops (RepeatStart)}}
  %s = "nnp.RepeatStart"(%x, %t) {name = "s", repeat_id = ["R"], repeat_param = {repeat_id = "R"}} : (tensor<?x3xf32, {d0 = "N"}>, tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
  %t = "nnp.Tanh"(%s) {name = "t", repeat_id = ["R"]} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
  %y = "nnp.RepeatEnd"(%t) {name = "y", repeat_param = {repeat_id = "R", times = 2 : i64}} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
}) {name = "net", repeat_info = [{id = "R", times = 2 : i64}]} : () -> ()
"nnp.executor"() {name = "run", network_name = "net", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()

// -----

// All problems at once: a parameter without value, and a function that is no function of its inputs.
"nnp.network"() ({
  %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
  // expected-error@below {{the parameter 'W' has no value}}
  %W = "nnp.variable"() {name = "W", type = "Parameter"} : () -> tensor<3x2xf32>
  "nnp.variable"(%r) {name = "r", type = "Buffer"} : (tensor<?x2xf32, {d0 = "N"}>) -> ()
  "nnp.variable"(%a) {name = "a", type = "Buffer"} : (tensor<?x2xf32, {d0 = "N"}>) -> ()
  "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x2xf32, {d0 = "N"}>) -> ()
  %a = "nnp.Affine"(%x, %W) {name = "a", base_axis = 1 : i64} : (tensor<?x3xf32, {d0 = "N"}>, tensor<3x2xf32>) -> tensor<?x2xf32, {d0 = "N"}>
  // expected-error@below {{Randn gives other numbers at every run}}
  %r = "nnp.Randn"() {name = "r", mu = 0.0 : f64, sigma = 1.0 : f64, shape = [1, 2], seed = 1} : () -> tensor<?x2xf32, {d0 = "N"}>
  %y = "nnp.Add2"(%a, %r) {name = "y"} : (tensor<?x2xf32, {d0 = "N"}>, tensor<?x2xf32, {d0 = "N"}>) -> tensor<?x2xf32, {d0 = "N"}>
}) {name = "net"} : () -> ()
"nnp.executor"() {name = "run", network_name = "net", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()
