"""A Modbus RTU barrier made with pymodbus, which knows nothing of this program.

    python3 modbus_slave.py TTY UNIT [SPEED]

It has 32 relays, inputs, holding and input registers, all off or 0. On standard
output it says "ready", then one line per change of a relay or a holding register, as
"coil 0 on" or "register 10 1". On standard input it takes "input 0 on", "input 0 off"
and "word 20 3", which sets an input register, and answers with the same line. It ends with its
standard input. Exit status 3 means that pymodbus is not installed.
"""
import asyncio
import sys
import threading

try:
    from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
    from pymodbus.server.async_io import ModbusSerialServer
    from pymodbus.transaction import ModbusRtuFramer
except ImportError as missing:
    print(missing, file=sys.stderr)
    sys.exit(3)


SIZE = 32


def say(text):
    print(text, flush=True)


def word(value):
    return "on" if value else "off"


class Relays(ModbusSequentialDataBlock):
    """Coils that report each change."""

    def setValues(self, address, values):
        before = list(self.values)
        super().setValues(address, values)
        for number, (old, new) in enumerate(zip(before, self.values)):
            if bool(old) != bool(new):
                say(f"coil {number} {word(new)}")


class Registers(ModbusSequentialDataBlock):
    """Holding registers that report each change."""

    def setValues(self, address, values):
        before = list(self.values)
        super().setValues(address, values)
        for number, (old, new) in enumerate(zip(before, self.values)):
            if old != new:
                say(f"register {number} {new}")


def obey(inputs, words, loop):
    for line in sys.stdin:
        what, number, value = line.split()
        if what == "input":
            inputs.setValues(int(number), [value == "on"])
        else:
            words.setValues(int(number), [int(value)])
        say(f"{what} {number} {value}")
    loop.call_soon_threadsafe(loop.stop)


async def serve(tty, unit, speed, inputs, words):
    board = ModbusSlaveContext(co=Relays(0, [False] * SIZE), di=inputs, hr=Registers(0, [0] * SIZE), ir=words, zero_mode=True)
    server = ModbusSerialServer(
        ModbusServerContext(slaves={unit: board}, single=False),
        framer=ModbusRtuFramer, port=tty, baudrate=speed, bytesize=8, parity="N", stopbits=1,
        ignore_missing_slaves=True,
    )
    await server.start()
    say("ready")
    await server.serve_forever()


def main():
    tty, unit = sys.argv[1], int(sys.argv[2])
    speed = int(sys.argv[3]) if len(sys.argv) > 3 else 9600
    inputs, words = ModbusSequentialDataBlock(0, [False] * SIZE), ModbusSequentialDataBlock(0, [0] * SIZE)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.create_task(serve(tty, unit, speed, inputs, words))
    threading.Thread(target=obey, args=(inputs, words, loop), daemon=True).start()
    loop.run_forever()


if __name__ == "__main__":
    main()
