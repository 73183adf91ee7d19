/* A Modbus RTU barrier made with libmodbus, which knows nothing of this program.
 *
 *     cc modbus_slave.c -o modbus_slave $(pkg-config --cflags --libs libmodbus) -lpthread
 *     ./modbus_slave TTY UNIT [SPEED]
 *
 * It says and takes what modbus_slave.py beside it does. */
#include <modbus.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 32 };

static modbus_mapping_t *map;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *obey(void *unused) {
    char what[16], value[16];
    int number;
    while (scanf("%15s %d %15s", what, &number, value) == 3) {
        pthread_mutex_lock(&lock);
        if (strcmp(what, "input") == 0)
            map->tab_input_bits[number] = strcmp(value, "on") == 0;
        else
            map->tab_input_registers[number] = (uint16_t)atoi(value);
        printf("%s %d %s\n", what, number, value);
        fflush(stdout);
        pthread_mutex_unlock(&lock);
    }
    exit(0);
    return unused;
}

int main(int argc, char **argv) {
    uint8_t request[MODBUS_RTU_MAX_ADU_LENGTH], coils[SIZE];
    uint16_t registers[SIZE];
    pthread_t reader;
    modbus_t *line;
    int unit, n, i;

    if (argc < 3)
        return 2;
    unit = atoi(argv[2]);
    line = modbus_new_rtu(argv[1], argc > 3 ? atoi(argv[3]) : 9600, 'N', 8, 1);
    map = modbus_mapping_new(SIZE, SIZE, SIZE, SIZE);
    if (line == NULL || map == NULL || modbus_set_slave(line, unit) < 0 || modbus_connect(line) < 0) {
        perror("modbus");
        return 1;
    }
    puts("ready");
    fflush(stdout);
    pthread_create(&reader, NULL, obey, NULL);
    for (;;) {
        n = modbus_receive(line, request);
        if (n <= 0)
            continue; /* another unit's, or noise */
        pthread_mutex_lock(&lock);
        memcpy(coils, map->tab_bits, sizeof coils);
        memcpy(registers, map->tab_registers, sizeof registers);
        modbus_reply(line, request, n, map);
        for (i = 0; i < SIZE; i++) {
            if (coils[i] != map->tab_bits[i])
                printf("coil %d %s\n", i, map->tab_bits[i] ? "on" : "off");
            if (registers[i] != map->tab_registers[i])
                printf("register %d %d\n", i, map->tab_registers[i]);
        }
        fflush(stdout);
        pthread_mutex_unlock(&lock);
    }
}
