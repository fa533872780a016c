using System;
using System.Collections.Generic;
using System.Linq;

namespace Ws.Micro.Benchmarks.Measuring;

/// <summary>Repeated measurements of one thing.</summary>
internal sealed class Sample
{
    private readonly double[] _sorted;

    public Sample(IEnumerable<double> values) => _sorted = [.. values.Order()];

    public double Median => At(0.5);

    /// <summary>Half of all lie within so much of the median, as a part of it: half of the distance between the quartiles.</summary>
    public double Noise => (At(0.75) - At(0.25)) / 2 / Median;

    public double Mean => _sorted.Average();

    public double Greatest => _sorted[^1];

    /// <summary>What so many of all, from 0 to 1, are at most.</summary>
    public double At(double part) => _sorted[(int)Math.Round(part * (_sorted.Length - 1))];
}
