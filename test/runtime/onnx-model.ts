/**
 * As much of ONNX as tests need: which operators a file holds and from where it reads, and files of one node. Wire
 * format and field numbers: onnx.proto (ModelProto 7 graph, 8 opset; GraphProto 1 node, 5 initializer, 11 input,
 * 12 output; NodeProto 1 input, 2 output, 4 op_type, 5 attribute, 7 domain; AttributeProto 5 tensor, 6 graph).
 */

type Field = { readonly number: number; readonly bytes: Uint8Array };

/** The length-delimited fields of a message; numbers are skipped. */
function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const key = varint();
    const wireType = key % 8;
    if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else {
      const length = varint();
      yield { number: Math.floor(key / 8), bytes: message.subarray(at, at + length) };
      at += length;
    }
  }
}

const text = new TextDecoder();

function all(message: Uint8Array, number: number): Uint8Array[] {
  return [...fieldsOf(message)].filter((field) => field.number === number).map(({ bytes }) => bytes);
}

/** One node: its operator, and the domain that defines it ('' is ONNX). */
export type OnnxNode = { readonly operator: string; readonly domain: string };

/** All nodes of a model, those of graphs inside nodes (bodies of loops and branches) included. */
export function nodesOf(model: Uint8Array): OnnxNode[] {
  return all(model, 7).flatMap(nodesOfGraph);
}

function nodesOfGraph(graph: Uint8Array): OnnxNode[] {
  return all(graph, 1).flatMap((node) => {
    const bodies = all(node, 5).flatMap((attribute) => all(attribute, 6));
    const operator = text.decode(all(node, 4)[0]);
    return [{ operator, domain: text.decode(all(node, 7)[0]) }, ...bodies.flatMap(nodesOfGraph)];
  });
}

/** A model of one node with one input and one output, both of the shape given. */
export function oneNodeModel(node: {
  operator: string;
  input: string;
  output: string;
  shape: readonly number[];
}): Uint8Array {
  const value = (name: string): number[] => {
    const dims = node.shape.flatMap((size) => bytes(1, number(1, size)));
    return [...string(1, name), ...bytes(2, bytes(1, [...number(1, 1), ...bytes(2, dims)]))];
  };
  const body = [...string(1, node.input), ...string(2, node.output), ...string(4, node.operator)];
  const graph = [
    ...bytes(1, body),
    ...string(2, 'g'),
    ...bytes(11, value(node.input)),
    ...bytes(12, value(node.output)),
  ];
  return Uint8Array.from([
    ...number(1, 8),
    ...bytes(7, graph),
    ...bytes(8, [...string(1, ''), ...number(2, 17)]),
  ]);
}

function varintOf(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varintOf(Math.floor(value / 128))];
}

function number(field: number, value: number): number[] {
  return [...varintOf(field * 8), ...varintOf(value)];
}

function bytes(field: number, content: readonly number[]): number[] {
  return [...varintOf(field * 8 + 2), ...varintOf(content.length), ...content];
}

function string(field: number, content: string): number[] {
  return bytes(field, [...new TextEncoder().encode(content)]);
}
