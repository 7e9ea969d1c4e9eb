/** Charts as SVG, by Apache ECharts: dark on white, so that they can be read on a page of any colour. */
import { type EChartsCoreOption, init, use } from "echarts/core";
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

export interface Titled {
  readonly title: string;
  readonly subtitle: string;
}

/** One bar for each contestant, one below the other. */
export interface Bars extends Titled {
  readonly bars: readonly { readonly name: string; readonly value: number }[];
  readonly digits: number;
}

/** One line for each contestant. */
export interface Lines extends Titled {
  readonly x: string;
  readonly y: string;
  readonly lines: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[];
}

const width = 760;
const font = "system-ui, 'Segoe UI', 'Liberation Sans', Arial, sans-serif";
const ink = "#1f2328";
const faint = "#d0d7de";
const ours = "#0969da";
const theirs = "#8c959f";
// Told apart by those who see no red or no green too (Okabe and Ito).
const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];

export function drawBars({ title, subtitle, bars, digits }: Bars): string {
  return draw(90 + bars.length * 26, {
    ...frame(title, subtitle),
    grid: { left: 180, right: 70, top: 70, bottom: 20 },
    xAxis: { type: "value", show: false },
    yAxis: { type: "category", inverse: true, data: bars.map(({ name }) => name), ...axis },
    series: [
      {
        type: "bar",
        barWidth: 16,
        data: bars.map(({ name, value }) => ({
          value,
          itemStyle: { color: name.startsWith("forkd") ? ours : theirs },
        })),
        label: { show: true, position: "right", color: ink, formatter: ({ value }: Label) => value.toFixed(digits) },
      },
    ],
  });
}

export function drawLines({ title, subtitle, x, y, lines }: Lines): string {
  return draw(400, {
    ...frame(title, subtitle),
    color: colours,
    legend: { bottom: 6, itemGap: 30, textStyle: { color: ink } },
    grid: { left: 60, right: 30, top: 90, bottom: 85 },
    xAxis: { type: "value", name: x, nameLocation: "middle", nameGap: 28, ...axis, splitLine: { show: false } },
    yAxis: { type: "value", name: y, min: 0, ...axis, nameTextStyle: { color: ink, align: "left" } },
    series: lines.map(({ name, points }) => ({
      type: "line",
      name,
      data: points,
      symbolSize: 6,
      showSymbol: points.length < 10,
    })),
  });
}

interface Label {
  readonly value: number;
}

const axis = {
  axisLine: { lineStyle: { color: ink } },
  axisLabel: { color: ink, fontSize: 13 },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: faint } },
};

function frame(text: string, subtext: string): EChartsCoreOption {
  return {
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: font, color: ink },
    title: { text, subtext, left: 16, top: 10, textStyle: { color: ink, fontSize: 17 }, subtextStyle: { color: ink } },
  };
}

function draw(height: number, option: EChartsCoreOption): string {
  const chart = init(undefined, undefined, { renderer: "svg", ssr: true, width, height });
  chart.setOption(option);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
