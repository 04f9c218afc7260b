"""Functions in C that compute with fixed-point numbers, as :mod:`nncc.ir.fixed_point` does.

They shift negative integers right and take it that the sign is kept, and that integers which are too large lose their
upper bits: C leaves both to the compiler, and all that are known do so.
"""

from __future__ import annotations

FIXED_POINT: dict[str, str] = {
    "nncc_multiply_high": """\
/* a * b / 2^31, halves rounded up */
static inline int32_t nncc_multiply_high(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + (INT64_C(1) << 30)) >> 31);
}
""",
    "nncc_round_shift": """\
/* x / 2^bits, halves rounded away from zero */
static inline int32_t nncc_round_shift(int32_t x, int bits)
{
    const int32_t mask = (int32_t)((UINT32_C(1) << bits) - 1);
    return (x >> bits) + ((x & mask) > (mask >> 1) + (x < 0));
}
""",
    "nncc_shift_left": """\
/* x * 2^bits, without the bits that are too many */
static inline int32_t nncc_shift_left(int32_t x, int bits)
{
    return (int32_t)((uint32_t)x << bits);
}
""",
    "nncc_saturating_shift": """\
/* x * 2^bits within the range of the type */
static inline int32_t nncc_saturating_shift(int32_t x, int bits)
{
    const int64_t wide = (int64_t)x * (INT64_C(1) << bits);
    return wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : (int32_t)wide;
}
""",
    "nncc_rescale": """\
/* x * factor * 2^(shift - 31) */
static inline int32_t nncc_rescale(int32_t x, int32_t factor, int shift)
{
    const int left = shift > 0 ? shift : 0, right = shift > 0 ? 0 : -shift;
    return nncc_round_shift(nncc_multiply_high(nncc_shift_left(x, left), factor), right);
}
""",
    "nncc_bounded_int32_t": """\
static inline int32_t nncc_bounded_int32_t(int32_t x, int32_t lower, int32_t upper)
{
    return x < lower ? lower : x > upper ? upper : x;
}
""",
    "nncc_leading_zeros": """\
/* the zeros before the first bit of a positive number */
static inline int nncc_leading_zeros(int32_t x)
{
    int zeros = 0;
    for (uint32_t bit = UINT32_C(1) << 31; bit > (uint32_t)x; bit >>= 1) {
        zeros++;
    }
    return zeros;
}
""",
    "nncc_reciprocal_of_one_plus": """\
/* 1 / (1 + a) of a number from 0 to 1, both without integer bits: three steps of Newton's method */
static inline int32_t nncc_reciprocal_of_one_plus(int32_t a)
{
    const int32_t half = (int32_t)(((int64_t)a + INT32_MAX + 1) >> 1);
    int32_t x = 1515870810 + nncc_multiply_high(half, -1010580540); /* 48/17 and -32/17, with 2 integer bits */
    for (int i = 0; i < 3; i++) {
        const int32_t rest = (1 << 29) - nncc_multiply_high(half, x);
        x += nncc_saturating_shift(nncc_multiply_high(x, rest), 2);
    }
    return nncc_saturating_shift(x, 1);
}
""",
    "nncc_logarithm": """\
/* ln x with 5 integer bits of a number x >= 1 with 12 */
static inline int32_t nncc_logarithm(int32_t x)
{
    const int32_t sqrt_half = 1518500250, sqrt_sqrt_half = 1805811301;
    const int zeros = nncc_leading_zeros(x);
    const int32_t halved = nncc_multiply_high(x, sqrt_half);
    const int zeros_halved = nncc_leading_zeros(halved) - 1;
    const int32_t r_a = nncc_saturating_shift(nncc_multiply_high(nncc_shift_left(x, zeros - 1), sqrt_half), 1);
    const int32_t r_b = nncc_saturating_shift(x, zeros_halved);
    const int32_t exponent_a = (12 - zeros) * (1 << 25) + (1 << 23);
    const int32_t exponent_b = (12 - zeros_halved) * (1 << 25) - (1 << 23);
    const int32_t r = r_a < r_b ? r_a : r_b;
    const int32_t exponent = exponent_a > exponent_b ? exponent_a : exponent_b;
    const int32_t p = (int32_t)(((int64_t)r + sqrt_sqrt_half + 1) >> 1), q = 2 * (r - sqrt_sqrt_half);
    const int32_t square = nncc_multiply_high(q, q);
    const int32_t numerator = nncc_multiply_high(q, r)
        + nncc_multiply_high(nncc_multiply_high(q, square), 117049297); /* 11/240 * 2^(1/4) */
    const int32_t inner = 1057819769 + q + nncc_multiply_high(127690142, square); /* 2 / 2^(1/4) - 2^(1/4), ... */
    const int32_t inverse = nncc_reciprocal_of_one_plus(
        nncc_multiply_high(p, inner) + nncc_multiply_high(638450708, q)); /* 1/4 * 2^(1/4) */
    const int32_t whole = nncc_multiply_high(exponent, 1488522236); /* ln 2 */
    return nncc_saturating_shift(whole + nncc_multiply_high(nncc_round_shift(numerator, 6), inverse), 1);
}
""",
    "nncc_round_float": """\
/* halves away from zero: what is added is the number before 0.5, which loses no half and makes none */
static inline int32_t nncc_round_float(float x)
{
    return (int32_t)(x + (x < 0.0f ? -0.49999997f : 0.49999997f));
}
""",
    "nncc_round_double": """\
/* halves away from zero: what is added is the number before 0.5, which loses no half and makes none */
static inline int32_t nncc_round_double(double x)
{
    return (int32_t)(x + (x < 0.0 ? -0.49999999999999994 : 0.49999999999999994));
}
""",
}
"""The source of each by its name, in an order in which they can be defined."""
