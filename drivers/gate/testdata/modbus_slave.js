// A Modbus RTU barrier made with the npm package modbus-serial, which knows nothing
// of this program.
//
//     NODE_PATH=… node modbus_slave.js TTY UNIT [SPEED]
//
// It says and takes what modbus_slave.py beside it does.
const { ServerSerial } = require("modbus-serial");

const size = 32;
const [tty, unit, speed] = process.argv.slice(2);
const coils = Array(size).fill(false);
const inputs = Array(size).fill(false);
const holding = Array(size).fill(0);
const words = Array(size).fill(0);

const word = (on) => (on ? "on" : "off");

// One that does not exist is refused with exception 2.
function at(list, address) {
  if (address >= list.length) {
    const refused = new Error("no such address");
    refused.modbusErrorCode = 2;
    throw refused;
  }
  return list[address];
}

const vector = {
  getCoil: (address) => at(coils, address),
  getDiscreteInput: (address) => at(inputs, address),
  getHoldingRegister: (address) => at(holding, address),
  getInputRegister: (address) => at(words, address),
  setCoil: (address, value) => {
    if (at(coils, address) !== value) console.log(`coil ${address} ${word(value)}`);
    coils[address] = value;
  },
  setRegister: (address, value) => {
    if (at(holding, address) !== value) console.log(`register ${address} ${value}`);
    holding[address] = value;
  },
};

const server = new ServerSerial(vector, { path: tty, baudRate: Number(speed || 9600), unitID: Number(unit), openCallback: (err) => {
  if (err) {
    console.error(err);
    process.exit(1);
  }
  console.log("ready");
} });
server.on("error", () => {}); // requests of other units and noise

let rest = "";
process.stdin.on("data", (data) => {
  const lines = (rest + data).split("\n");
  rest = lines.pop();
  for (const line of lines) {
    const [what, number, value] = line.split(" ");
    if (what === "input") inputs[number] = value === "on";
    else words[number] = Number(value);
    console.log(line);
  }
});
process.stdin.on("end", () => process.exit(0));
