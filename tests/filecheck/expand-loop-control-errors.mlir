// RUN: nncc opt --passes=expand-loop-control --split --verify-diagnostics %s

// A loop without rounds leaves its results without a value.
// expected-error@below {{the loop 'R' has 0 rounds}}
"nnp.network"() ({
  %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x3xf32, {d0 = "N"}>
  "nnp.variable"(%s) {name = "s", type = "Buffer", repeat_id = ["R"]} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  "nnp.variable"(%t) {name = "t", type = "Buffer", repeat_id = ["R"]} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x3xf32, {d0 = "N"}>) -> ()
  %s = "nnp.RepeatStart"(%x, %t) {name = "s", repeat_id = ["R"], repeat_param = {repeat_id = "R"}} : (tensor<?x3xf32, {d0 = "N"}>, tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
  %t = "nnp.Tanh"(%s) {name = "t", repeat_id = ["R"]} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
  %y = "nnp.RepeatEnd"(%t) {name = "y", repeat_param = {repeat_id = "R", times = 0 : i64}} : (tensor<?x3xf32, {d0 = "N"}>) -> tensor<?x3xf32, {d0 = "N"}>
}) {name = "net", repeat_info = [{id = "R", times = 0 : i64}]} : () -> ()
"nnp.executor"() {name = "run", network_name = "net", data_variable = [{variable_name = "x"}], output_variable = [{variable_name = "y"}]} : () -> ()
