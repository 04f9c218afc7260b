"""Exponential functions of floats, which compilers can make vectors of: those of libm they call one by one.

e^x is 2^n e^r, where n is the integer next to x / ln 2; r = x - n ln 2 lies within +-0.35, where the first eight terms
of the series of e^r are right to the last bits. ln 2 is subtracted in two parts, the first of which has few bits, so
that its product with n is exact (Cody and Waite, "Software Manual for the Elementary Functions"). All are within 3
units in the last place; a logistic function below 1e-38 is 0.
"""

from __future__ import annotations

_SERIES = (
    "(((((1.98412698e-4f * r + 1.38888889e-3f) * r + 8.33333333e-3f) * r + 4.16666667e-2f) * r + 1.66666667e-1f) * r"
    " + 0.5f) * r * r + r"
)
"""e^r - 1"""

EXPONENTIALS = {
    "nncc_power_of_two": """\
static inline float nncc_power_of_two(int32_t n)
{
    const uint32_t bits = (uint32_t)(n + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return power;
}
""",
    "nncc_halves_of_ln2": """\
/* x less the next multiple n of ln 2; adding 3 * 2^22 puts n into the last bits of the sum. */
static inline float nncc_halves_of_ln2(float x, int32_t *n)
{
    const float sum = x * 1.44269504f + 12582912.0f;
    uint32_t bits;
    float count;
    memcpy(&bits, &sum, sizeof bits);
    *n = (int32_t)(bits & 0x7fffff) - 0x400000;
    count = (float)*n;
    return (x - count * 0.693359375f) + count * 2.12194440e-4f;
}
""",
    "nncc_exp_float": f"""\
static inline float nncc_exp_float(float x)
{{
    const float least = -104.0f, most = 89.0f;
    const float bounded = x < least ? least : x > most ? most : x;
    int32_t n;
    const float r = nncc_halves_of_ln2(bounded, &n);
    const float power = {_SERIES} + 1.0f;
    return power * nncc_power_of_two(n / 2) * nncc_power_of_two(n - n / 2);
}}
""",
    "nncc_expm1_float": f"""\
/* e^x - 1 for x up to 80 */
static inline float nncc_expm1_float(float x)
{{
    const float bounded = x < -80.0f ? -80.0f : x;
    int32_t n;
    const float r = nncc_halves_of_ln2(bounded, &n);
    const float less_one = {_SERIES};
    const float scale = nncc_power_of_two(n);
    return scale * less_one + (scale - 1.0f);
}}
""",
    "nncc_tanh_float": """\
static inline float nncc_tanh_float(float x)
{
    const float size = fabsf(x);
    const float e = nncc_expm1_float(2.0f * (size > 20.0f ? 20.0f : size));
    return copysignf(e / (e + 2.0f), x);
}
""",
    "nncc_logistic_float": """\
static inline float nncc_logistic_float(float x)
{
    return 1.0f / (1.0f + nncc_exp_float(-x));
}
""",
    "nncc_exp_double": "static inline double nncc_exp_double(double x)\n{\n    return exp(x);\n}\n",
    "nncc_expm1_double": "static inline double nncc_expm1_double(double x)\n{\n    return expm1(x);\n}\n",
    "nncc_tanh_double": "static inline double nncc_tanh_double(double x)\n{\n    return tanh(x);\n}\n",
    "nncc_logistic_double": (
        "static inline double nncc_logistic_double(double x)\n{\n    return 1.0 / (1.0 + exp(-x));\n}\n"
    ),
}
"""The source of each function by its name, in the order in which they call each other."""
