package downlink

// Sentences lists what platforms and pay machines may be answered when something
// fails, each in Chinese and in English, for the integrator's guide. %s and %d stand
// for details. The sentences of package protocol, about requests as such, are not
// among them.
func Sentences() [][2]string {
	var list [][2]string
	for _, say := range []sentence{
		sayNoInterface, sayNotPost, sayTooMany, sayBadAddress, sayNoPermission, sayOurFault, sayBadPark, saySearches, saySlow,
		sayNoSession, sayAmbiguous, sayNoTariff, sayLimit, sayNoOrder, sayOtherAmounts, sayGone, saySettling,
		sayNoDevice, sayManyDevices, sayNotExit, sayNobody, sayNoGate, sayNoDisplay, sayNoCamera, sayBusy, sayOffline, sayRefused, sayOccupied,
		sayGateFault, sayPhotoFailed,
		sayNoCar, sayDue, sayAsking, sayFull, sayBlacklisted, sayInside, sayOperator,
		sayNoArea, sayFreeRange, sayNoCard, sayCarType, sayPeriod, sayPlateTaken, sayNoPlate, sayLastPlate, sayNoProduct, sayOtherRecharge,
		sayNoBlack, sayBlackTwice, sayNoBooking,
	} {
		list = append(list, [2]string{say.zh, say.en})
	}
	return list
}
