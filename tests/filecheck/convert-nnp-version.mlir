// RUN: nncc opt --passes=convert-nnp-version{version=1.19.0} --split --no-locations %s | filecheck %s

// NNabla 1.19 has SoftPlus without beta: one of 1 is left out.
// CHECK-LABEL: builtin.module
// CHECK: %y = "nnp.SoftPlus"(%x) {name = "SoftPlus"}
"nnp.network"() ({
  %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<?x4xf32, {d0 = "N"}>
  "nnp.variable"(%y) {name = "y", type = "Buffer"} : (tensor<?x4xf32, {d0 = "N"}>) -> ()
  %y = "nnp.SoftPlus"(%x) {name = "SoftPlus", beta = 1.0} : (tensor<?x4xf32, {d0 = "N"}>) -> tensor<?x4xf32, {d0 = "N"}>
}) {name = "net", batch_size = 1} : () -> ()
