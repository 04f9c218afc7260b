// RUN: nncc opt --passes=convert-nnp-version{version=1.8.0} --split --verify-diagnostics %s

// What a release has not, and arguments that it does not know where they ask for something else.
"nnp.network"() ({
  %x = "nnp.variable"() {name = "x", type = "Buffer"} : () -> tensor<1x2x3x3xf32>
  "nnp.variable"(%0) {name = "a", type = "Buffer"} : (tensor<1x2x6x6xf32>) -> ()
  "nnp.variable"(%1) {name = "b", type = "Buffer"} : (tensor<1x2x6x6xf32>) -> ()
  "nnp.variable"(%2) {name = "c", type = "Buffer"} : (tensor<1x2x6x6xf32>) -> ()
  // expected-error@below {{NNabla 1.8.0 cannot run 'up': Interpolate has the argument 'half_pixel', which NNabla knows since 1.9.0}}
  %0 = "nnp.Interpolate"(%x) {name = "up", output_size = array<i64: 6, 6>, mode = "linear", half_pixel = true} : (tensor<1x2x3x3xf32>) -> tensor<1x2x6x6xf32>
  // expected-error@below {{NNabla 1.8.0 cannot run 'erf': Erf came with NNabla 1.31.0}}
  %1 = "nnp.Erf"(%0) {name = "erf"} : (tensor<1x2x6x6xf32>) -> tensor<1x2x6x6xf32>
  %2 = "nnp.ReLU"(%1) {name = "relu"} : (tensor<1x2x6x6xf32>) -> tensor<1x2x6x6xf32>
}) {name = "net", batch_size = 1 : i64} : () -> ()
